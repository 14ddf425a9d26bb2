-- The invoices that earn by what people have written: all of their lines, or charges that count as revenue. They are found by their periods.
CREATE INDEX invoices_written ON invoices (organization_id, end_at)
WHERE invoice_type = 'CUSTOM' OR instr(rated, '"considerForRevenue":true') > 0;
