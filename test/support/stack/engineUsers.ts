/** Predefined users of the ClickHouse engine: it stores none, and rejects statements about unknown users. */
export const engineUsers: ReadonlyArray<string> = ["ws_shop", "ws_other", "ws_login"]
