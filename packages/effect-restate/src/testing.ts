export { drainingAttempt } from "./attempt/Attempt.ts"
export {
  type CancellationOptions,
  type CancellationReport,
  cancellationMatrix,
  type ReachedPoint
} from "./testing/CancellationMatrix.ts"
export * from "./testing/CrashMatrix.ts"
export { MatrixFailed, type Scenario } from "./testing/Disturbance.ts"
export * from "./testing/Fault.ts"
export type { Invocation } from "./testing/Invocation.ts"
export * from "./testing/JournalFixture.ts"
export * from "./testing/MemoryRestate.ts"
export * from "./testing/MemoryRestateError.ts"
