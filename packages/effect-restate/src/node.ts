export { type ConnectionBounds, defaultBounds } from "./node/ConnectionBounds.ts"
export { type Address, defaultEndpoint, type EndpointOptions, EndpointUnavailable } from "./node/Endpoint.ts"
export type { Beside } from "./node/Listener.ts"
export * as Restate from "./node/Restate.ts"
