export {
  type AttemptInfo,
  type AttemptOutcome,
  type Observer,
  type StepInfo,
  type StepOutcome,
  silentObserver
} from "./attempt/Observer.ts"
export { sdkLogger } from "./attempt/SdkLogger.ts"
export type { SdkDefinition } from "./attempt/sdkDefinition.ts"
export {
  type BindingOptions,
  type NeedsOf,
  type Servable,
  sdkDefinitions
} from "./attempt/sdkDefinitions.ts"
export type { AttemptRetry } from "./contract/AttemptRetry.ts"
export type { Attributes, InvocationRequest } from "./contract/Attributes.ts"
export type { Capability, DurablePromises, ObjectKey, StateRead, StateWrite } from "./contract/Capability.ts"
export {
  type AnySchema,
  Contract,
  type ContractKind,
  type Failure,
  type HandlerContract,
  type HandlerDeclaration,
  type HandlerMode,
  type HandlerName,
  type IngressAccess,
  type Input,
  type KeyedContract,
  type ObjectContract,
  type ObjectHandlerDeclaration,
  type Output,
  opaque,
  type SchemaOf,
  type ServiceContract,
  type WorkflowContract
} from "./contract/Contract.ts"
export { httpStatus } from "./contract/httpStatus.ts"
export {
  type Handlers,
  type Implementation,
  implement,
  type ObjectOptions,
  type WorkflowOptions
} from "./contract/Implementation.ts"
export { defaultLimits, type Limits } from "./contract/Limits.ts"
export { publicMetadata } from "./contract/publicMetadata.ts"
export { RawBytes } from "./contract/RawBytes.ts"
export {
  InvalidPayload,
  opaqueSerde,
  type SchemaSerde,
  type Serde,
  serdeOf
} from "./contract/Serde.ts"
export { again } from "./operations/again.ts"
export { annotate } from "./operations/annotate.ts"
export { cancellable } from "./operations/cancellable.ts"
export { Durable, invocationId, uuid } from "./operations/Durable.ts"
export {
  AwaitRejected,
  CallFailed,
  Cancelled,
  CapabilityMissing,
  type DurableFailure,
  DurableInsideStep,
  EncodingFailed,
  NeverRests,
  NonDurableWait,
  PromiseAlreadyCompleted,
  StateIsReadOnly,
  StepFailed,
  StepTimedOut
} from "./operations/DurableError.ts"
export { type DurablePromise, durablePromise } from "./operations/DurablePromise.ts"
export { fromContext } from "./operations/fromContext.ts"
export * from "./operations/Invocation.ts"
export * from "./operations/Messaging.ts"
export { firstFiring, nextFiring, type Overlap, type Recurrence } from "./operations/Recurrence.ts"
export * from "./operations/Request.ts"
export * from "./operations/recurring.ts"
export * from "./operations/Saga.ts"
export * from "./operations/State.ts"
export * from "./operations/Step.ts"
export * from "./operations/StepOptions.ts"
export {
  key,
  type ObjectContext,
  type ObjectSharedContext,
  type WorkflowContext,
  type WorkflowSharedContext
} from "./operations/withCapability.ts"
