/** How long a node's promise to be alive holds; a worker that is silent for so long has lost its runs. */
export const leaseMs = 20_000
/** How often a worker renews its promise. */
export const heartbeatEveryMs = 5_000
