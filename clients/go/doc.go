// Package annals is the Go client of Annals, a multi-tenant event store.
//
// [Connect] makes a [Client]. It appends with optimistic concurrency, reads, and follows a tenant's log over lost
// connections. Failed calls return an [*Error], which [errors.As] finds; a lost race returns a
// [*VersionConflictError] that wraps one.
//
// Positions and versions start at 1 and have no holes. The tenant comes from the credential: no call names one.
package annals
