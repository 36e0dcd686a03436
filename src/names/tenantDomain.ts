import { Either } from "effect"
import { acmeChallengeName, fitsDns, ownershipName } from "./DnsName.ts"
import { baseOf, type DomainName, domainName, InvalidDomainName, isWildcard } from "./DomainName.ts"
import { isPublicSuffix } from "./publicSuffix.ts"

const isWithin = (host: DomainName, zone: DomainName): boolean => host === zone || host.endsWith(`.${zone}`)

const isOverZone = (name: DomainName, zone: DomainName): boolean => isWildcard(name) && isWithin(zone, baseOf(name))

const isProvable = (name: DomainName): boolean =>
  fitsDns(ownershipName(name)) && (!isWildcard(name) || fitsDns(acmeChallengeName(name)))

/**
 * Validates a tenant's domain name. Beyond the rules of `domainName`: not a suffix below which a platform assigns names to
 * others, such as `github.io`; not one of the platform's own zones, a name in them or a wildcard over one; and not a name too
 * long for its ownership record. `zones` are host names without `*.`.
 */
export const tenantDomainName = (
  text: string,
  zones: ReadonlyArray<DomainName>
): Either.Either<DomainName, InvalidDomainName> =>
  Either.flatMap(domainName(text), (name) => {
    const base = baseOf(name)
    const refused = (problem: InvalidDomainName["problem"]) => Either.left(new InvalidDomainName({ problem }))
    if (isPublicSuffix(base, "any")) return refused("public_suffix")
    if (zones.some((zone) => isWithin(base, zone) || isOverZone(name, zone))) return refused("platform_zone")
    return isProvable(name) ? Either.right(name) : refused("unprovable")
  })
