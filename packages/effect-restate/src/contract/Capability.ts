import type { ContractKind, HandlerMode } from "./Contract.ts"

declare const capability: unique symbol

/** The handler runs under a key: that of an object, or a workflow's id. Every handler but those of a service. */
export interface ObjectKey {
  readonly [capability]: "ObjectKey"
}

/** The handler reads the state of its key. Every handler but those of a service. */
export interface StateRead {
  readonly [capability]: "StateRead"
}

/** The handler writes the state of its key: exclusive handlers of an object, and `run` of a workflow. */
export interface StateWrite {
  readonly [capability]: "StateWrite"
}

/** The handler belongs to a workflow, whose handlers share its durable promises. */
export interface DurablePromises {
  readonly [capability]: "DurablePromises"
}

export interface Capabilities {
  readonly ObjectKey: ObjectKey
  readonly StateRead: StateRead
  readonly StateWrite: StateWrite
  readonly DurablePromises: DurablePromises
}

export type CapabilityName = keyof Capabilities

/**
 * What an operation requires of its handler beside the journal. Requirements by name only: `implement` provides those that the
 * kind of the contract and the mode of the handler have, and nothing else can.
 */
export type Capability = Capabilities[CapabilityName]

/** Which handlers have what: the types below are read from it. */
const table = {
  service: { exclusive: [], shared: [] },
  object: { exclusive: ["ObjectKey", "StateRead", "StateWrite"], shared: ["ObjectKey", "StateRead"] },
  workflow: {
    exclusive: ["ObjectKey", "StateRead", "StateWrite", "DurablePromises"],
    shared: ["ObjectKey", "StateRead", "DurablePromises"]
  }
} as const satisfies Readonly<Record<ContractKind, Readonly<Record<HandlerMode, ReadonlyArray<CapabilityName>>>>>

/** What handlers of this kind and mode can do. */
export type CapabilitiesOf<
  Kind extends ContractKind,
  Mode extends HandlerMode
> = Capabilities[(typeof table)[Kind][Mode][number]]

export const capabilitiesOf = (kind: ContractKind, mode: HandlerMode): ReadonlySet<CapabilityName> =>
  new Set<CapabilityName>(table[kind][mode])
