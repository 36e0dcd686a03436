import type { FaultPlan, Phase } from "effect-restate/testing"

/** Kills once, at the first step of that name. */
export const onceAt = (step: string, phase: Phase): FaultPlan => {
  let isArmed = true
  return (point) => {
    if (!isArmed || point.kind !== "run" || point.name !== step || point.phase !== phase) return false
    isArmed = false
    return true
  }
}

/** Kills once at every step, after its body took effect and before its result is journaled. */
export const everyAcknowledgementLost = () => {
  const lost = new Set<string>()
  const faults: FaultPlan = ({ phase, invocation, index }) => {
    const entry = `${invocation} ${index}`
    if (phase !== "after-body" || lost.has(entry)) return false
    lost.add(entry)
    return true
  }
  return { faults, lost }
}
