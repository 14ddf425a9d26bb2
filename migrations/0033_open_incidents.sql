-- The incidents that are open, in the order of their list.
CREATE INDEX incidents_few ON incidents (organization_id, created_at DESC, id) WHERE status in ('OPEN');
