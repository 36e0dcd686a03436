import { Either } from "effect"
import { domainName } from "../../src/names/DomainName.ts"

/** A name that a test writes down. */
export const named = (text: string) => Either.getOrThrow(domainName(text))
