-- The lists of all accounts, the newest first: all of it, and that of one status.
CREATE INDEX purchases_by_time ON purchases (organization_id, created_at DESC, id);
CREATE INDEX purchases_by_status ON purchases (organization_id, status, created_at DESC, id) WHERE status IS NOT NULL;
CREATE INDEX purchases_by_proposal_status ON purchases (organization_id, proposal_status, created_at DESC, id) WHERE proposal_status IS NOT NULL;
