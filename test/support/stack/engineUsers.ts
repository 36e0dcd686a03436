/** Users that the run's ClickHouse engine knows: it stores none, and a statement about an unknown one is refused. */
export const engineUsers: ReadonlyArray<string> = ["ws_shop", "ws_other", "ws_login"]
