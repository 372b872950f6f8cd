/** Ends a subscription. Idempotent. */
export type Unlisten = () => Promise<void>;

/**
 * Hears `pg_notify` of one channel, which speaks at commit. A notification can be lost (a connection broke), so
 * whoever listens looks for due rows by itself as well.
 */
export type Listen = (channel: string, onNotification: (payload: string) => void) => Promise<Unlisten>;
