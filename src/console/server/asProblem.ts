import type { UnknownSubject } from "../../operations/UnknownSubject.ts"
import { ApiProblem } from "./ApiProblem.ts"

/** A subject is unknown if every source answered, else perhaps known to one that did not. */
export const asProblem = (unknown: UnknownSubject): ApiProblem =>
  new ApiProblem({ status: unknown.missing.length === 0 ? 404 : 503, error: unknown.message })
