"""Embassies and consulates, officers, roles, the duty rota, the audit trail."""
