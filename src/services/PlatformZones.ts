import { Context } from "effect"
import type { DomainName } from "../names/DomainName.ts"

/** The zones in which the platform has its own host names: in them, and over them, no tenant's domain is served. */
export class PlatformZones extends Context.Tag("ctrl-worker/PlatformZones")<
  PlatformZones,
  ReadonlyArray<DomainName>
>() {}
