import { AwakeableHolderLive } from "./AwakeableHolder.ts"
import { BlockAndWaitWorkflowLive } from "./BlockAndWaitWorkflow.ts"
import { CancelTestBlockingServiceLive, CancelTestRunnerLive } from "./CancelTest.ts"
import { CounterLive } from "./Counter.ts"
import { FailingLive } from "./Failing.ts"
import { interpreters } from "./interpreter/ObjectInterpreter.ts"
import { ServiceInterpreterHelperLive } from "./interpreter/ServiceInterpreterHelper.ts"
import { KillTestRunnerLive, KillTestSingletonLive } from "./KillTest.ts"
import { ListObjectLive } from "./ListObject.ts"
import { MapObjectLive } from "./MapObject.ts"
import { NonDeterministicLive } from "./NonDeterministic.ts"
import { ProxyLive } from "./Proxy.ts"
import { TestUtilsServiceLive } from "./TestUtilsService.ts"
import { VirtualObjectCommandInterpreterLive } from "./VirtualObjectCommandInterpreter.ts"

/** The services of Restate's conformance suite, and those of its verification runner. */
export const allServices = [
  AwakeableHolderLive,
  BlockAndWaitWorkflowLive,
  CancelTestBlockingServiceLive,
  CancelTestRunnerLive,
  CounterLive,
  FailingLive,
  KillTestRunnerLive,
  KillTestSingletonLive,
  ListObjectLive,
  MapObjectLive,
  NonDeterministicLive,
  ProxyLive,
  ServiceInterpreterHelperLive,
  TestUtilsServiceLive,
  VirtualObjectCommandInterpreterLive,
  ...interpreters
]
