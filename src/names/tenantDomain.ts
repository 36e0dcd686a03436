import { Either } from "effect"
import { acmeChallengeName, isAskable, ownershipName } from "./DnsName.ts"
import { baseOf, type DomainName, DomainNameRefused, domainName, isWildcard } from "./DomainName.ts"
import { isPublicSuffix } from "./publicSuffix.ts"

const isWithin = (host: DomainName, zone: DomainName): boolean => host === zone || host.endsWith(`.${zone}`)

const isOverZone = (name: DomainName, zone: DomainName): boolean => isWildcard(name) && isWithin(zone, baseOf(name))

const isProvable = (name: DomainName): boolean =>
  isAskable(ownershipName(name)) && (!isWildcard(name) || isAskable(acmeChallengeName(name)))

/**
 * The domain name that a tenant may have under this spelling. Beyond what no domain name may be, it is no suffix below which a
 * platform gives names to others, such as `github.io`; none of the platform's own zones, nothing in them and no wildcard over
 * one; and no name whose proof DNS cannot hold. `zones` are names of hosts, without `*.`.
 */
export const tenantDomainName = (
  text: string,
  zones: ReadonlyArray<DomainName>
): Either.Either<DomainName, DomainNameRefused> =>
  Either.flatMap(domainName(text), (name) => {
    const base = baseOf(name)
    const refused = (problem: DomainNameRefused["problem"]) => Either.left(new DomainNameRefused({ problem }))
    if (isPublicSuffix(base, "any")) return refused("public_suffix")
    if (zones.some((zone) => isWithin(base, zone) || isOverZone(name, zone))) return refused("platform_zone")
    return isProvable(name) ? Either.right(name) : refused("unprovable")
  })
