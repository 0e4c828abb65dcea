/**
 * Where projections keep how far they came. Whoever claims a projection later takes it from who
 * held it: from then on the older claim writes nothing more.
 */
export interface ProjectionStore<Transaction> {
  /** Whether what handlers write with the transaction is kept and lost together with the place. */
  readonly transactional: boolean;

  /**
   * Claims a projection. With `ttlMs` only when nobody else holds a lease on it, by the store's
   * clock; without, at once, from whoever holds it.
   *
   * @param ttlMs how long the lease is held without `renew`, in milliseconds
   * @returns undefined while another holds the lease
   */
  acquire(projection: string, ttlMs: number | undefined): Promise<ProjectionClaim | undefined>;

  /** Holds a lease for another `ttlMs`. @throws AnnalsError projection_superseded */
  renew(claim: ProjectionClaim, ttlMs: number): Promise<void>;

  /** Ends a lease, if it is still held, so that the next one need not wait. */
  release(claim: ProjectionClaim): Promise<void>;

  /**
   * Runs work and writes what it answers. A transactional store writes both or neither, one call at
   * a time for each projection. An error that is thrown once the work is done counts as a failure
   * of that work, unless it is `unavailable` or another of those that pass by default.
   *
   * @throws AnnalsError projection_superseded, and what the work throws
   */
  write(
    claim: ProjectionClaim,
    work: (transaction: Transaction) => Promise<ProjectionProgress>,
  ): Promise<void>;

  /**
   * The place that is written, when it is not known whether a write was.
   *
   * @throws AnnalsError projection_superseded
   */
  placeOf(claim: ProjectionClaim): Promise<string | undefined>;

  /** Events of a projection that were given up on, by tenant and event. */
  listDeadLetters(projection: string): Promise<readonly DeadLetter[]>;

  /** Forgets one, once it is mended. No error when there is none. */
  removeDeadLetter(projection: string, tenantId: string, eventId: string): Promise<void>;
}

/** The right to write a projection's progress. */
export interface ProjectionClaim {
  readonly projection: string;
  /** Grows with each claim: only the newest writes. */
  readonly fence: bigint;
  /** Where the projection stands; undefined when it never ran. */
  readonly place: string | undefined;
}

/** What is written at once. */
export interface ProjectionProgress {
  /** How far the projection came: text that only the runner reads. */
  readonly place: string;
  /** Replaces what is known of the same event, tenant and projection. */
  readonly deadLetter?: DeadLetter;
}

/** An event that a projection could not handle. */
export interface DeadLetter {
  readonly tenantId: string;
  readonly eventId: string;
  /** Position in the tenant's log. */
  readonly position: bigint;
  /** How often it was tried. */
  readonly attempts: number;
  /** What the last attempt threw: at most 2,000 characters. */
  readonly error: string;
}
