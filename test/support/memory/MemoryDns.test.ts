import { Effect, Layer } from "effect"
import { dnsZoneContract, ZoneValues } from "../../services/DnsZone.contract.ts"
import { MemoryDns, memoryDns } from "./MemoryDns.ts"

const values = Layer.effect(
  ZoneValues,
  Effect.map(MemoryDns, (dns) => ZoneValues.of((name) => Effect.sync(() => dns.txt(name))))
)

dnsZoneContract("memory", Layer.provideMerge(values, memoryDns()))
