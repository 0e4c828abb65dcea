/** SQL for a tenant's number; binds its id. NULL, and so nothing, for one without events. */
export const tenantNo = "(SELECT tenant_no FROM tenants WHERE tenant_id = ?)";

/** SQL that picks a stream's events; binds tenant id, aggregate type and aggregate id. */
export const inStream = `(tenant_no, stream_no) = (
    SELECT tenant_no, stream_no FROM tenants JOIN streams USING (tenant_no)
    WHERE tenant_id = ? AND aggregate_type = ? AND aggregate_id = ?)`;
