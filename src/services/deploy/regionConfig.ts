import { Either, Schema } from "effect"
import { InvalidRow } from "../InvalidRow.ts"

/** Replicas by region, as configured for an environment. Validated elsewhere. */
export const RegionConfig = Schema.Record({ key: Schema.String, value: Schema.Number })
export type RegionConfig = typeof RegionConfig.Type

/** Far more than 32 regions with names of 64 four-byte characters need, and far less than a step may journal. */
export const maxRegionConfigBytes = 16 * 1024

const decode = Schema.decodeUnknownEither(Schema.parseJson(RegionConfig))

const invalid = (problem: string) =>
  new InvalidRow({ table: "environment_runtime_settings", column: "region_config", problem })

/** Parses `region_config`, which may hold any JSON. Null: longer than `maxRegionConfigBytes`. */
export const regionConfigOf = (json: string | null): Either.Either<RegionConfig, InvalidRow> =>
  json === null
    ? Either.left(invalid(`must be at most ${maxRegionConfigBytes} bytes`))
    : Either.mapLeft(decode(json), () => invalid("must be an object of regions and their numbers of replicas"))
