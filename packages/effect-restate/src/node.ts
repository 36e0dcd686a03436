export { type VirtualObject, virtualObject } from "./attempt/VirtualObject.ts"
export { type ConnectionBounds, defaultBounds } from "./node/ConnectionBounds.ts"
export * from "./node/Endpoint.ts"
export { sdkLogger } from "./node/SdkLogger.ts"
