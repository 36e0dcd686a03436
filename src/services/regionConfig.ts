import { Either, Schema } from "effect"
import { RowUnfit } from "./RowUnfit.ts"

/** Regions and their numbers of replicas, as configured for an environment. Whether they make sense is decided elsewhere. */
export const RegionConfig = Schema.Record({ key: Schema.String, value: Schema.Number })
export type RegionConfig = typeof RegionConfig.Type

/** Far more than 32 regions with names of 64 four-byte characters, and far less than a step may journal. */
export const maxRegionConfigBytes = 16 * 1024

const decode = Schema.decodeUnknownEither(Schema.parseJson(RegionConfig))

const unfit = (problem: string) =>
  new RowUnfit({ table: "environment_runtime_settings", column: "region_config", problem })

/** What is stored in `region_config`, which holds whatever JSON was written to it. Null: longer than `maxRegionConfigBytes`. */
export const regionConfigOf = (json: string | null): Either.Either<RegionConfig, RowUnfit> =>
  json === null
    ? Either.left(unfit(`must be at most ${maxRegionConfigBytes} bytes`))
    : Either.mapLeft(decode(json), () => unfit("must be an object of regions and their numbers of replicas"))
