import { acmeContract } from "../../services/Acme.contract.ts"
import { pebbleWorld } from "../../support/acme/pebbleWorld.ts"

acmeContract("Pebble that is well", pebbleWorld())
acmeContract(
  "Pebble that refuses every second nonce and forgets half of what was proven",
  pebbleWorld({ nonceRejection: 50, authorizationReuse: 50 })
)
acmeContract(
  "Pebble that refuses nine nonces of ten and remembers what was proven",
  pebbleWorld({ nonceRejection: 90, authorizationReuse: 100 })
)
