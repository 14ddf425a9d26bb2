-- The invoices of statuses that few have, such as DUE, in the order of their list.
CREATE INDEX invoices_few ON invoices (organization_id, created_at DESC, id)
WHERE status in ('DUE', 'VOID', 'UN_COLLECTIBLE', 'REFUND_INITIATED', 'REFUND_COMPLETED', 'PARTIALLY_PAID');

CREATE INDEX jobs_by_status ON jobs (organization_id, status, updated_at DESC, id);
CREATE INDEX jobs_by_type ON jobs (organization_id, type, updated_at DESC, id);
