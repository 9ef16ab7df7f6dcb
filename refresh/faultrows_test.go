package refresh_test

import (
	"strings"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

// faultTable is what a fault of the server leads to: one row a line, nothing
// left implicit. A fault is a kind of authserver, with its Retry-After; it
// happens once, twice or for ever, while the stored access token, of generation
// 1, has three minutes left (valid) or has just expired. Then come four runs of
// "get": at the fault, at once after it, when the next refresh is due, and when
// the server is healed and the access token has expired. Each says
//
//	the exit code, 0 to 7
//	the generation of the access token that it prints
//	the exit code that its warning stands for (w5: temporary; w4: sign in again)
//	the number of requests at the token endpoint
//	what is stored afterwards: the generation; refused, if only a sign-in helps;
//	how many refreshes have had no answer; when the next one is due; kept, if
//	there is a journal
func faultTable() string {
	return `
drop-before               once    valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
drop-before               once    expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
drop-before               twice   valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
drop-before               twice   expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
drop-before               forever valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
drop-before               forever expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
drop-after                once    valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w4 1 g1,refused,unanswered1 | 4 -    - 0 g1,refused,unanswered1
drop-after                once    expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 4 -    -  1 g1,refused,unanswered1 | 4 -    - 0 g1,refused,unanswered1
drop-after                twice   valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
drop-after                twice   expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
drop-after                forever valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
drop-after                forever expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
delay                     once    valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
delay                     once    expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
delay                     twice   valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
delay                     twice   expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
delay                     forever valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
delay                     forever expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
redirect                  once    valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
redirect                  once    expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
redirect                  twice   valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
redirect                  twice   expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
redirect                  forever valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
redirect                  forever expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
403                       once    valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
403                       once    expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
403                       twice   valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
403                       twice   expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
403                       forever valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
403                       forever expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
404                       once    valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
404                       once    expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
404                       twice   valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
404                       twice   expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
404                       forever valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
404                       forever expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
408                       once    valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
408                       once    expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
408                       twice   valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
408                       twice   expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
408                       forever valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
408                       forever expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
429                       once    valid   | 0 gen1 w5 1 g1,+1m0s             | 0 gen1 w5 0 g1,+1m0s             | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
429                       once    expired | 5 -    -  1 g1,+1m0s             | 5 -    -  0 g1,+1m0s             | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
429                       twice   valid   | 0 gen1 w5 1 g1,+1m0s             | 0 gen1 w5 0 g1,+1m0s             | 0 gen1 w5 1 g1,+1m0s               | 0 gen2 - 1 g2
429                       twice   expired | 5 -    -  1 g1,+1m0s             | 5 -    -  0 g1,+1m0s             | 5 -    -  1 g1,+1m0s               | 0 gen2 - 1 g2
429                       forever valid   | 0 gen1 w5 1 g1,+1m0s             | 0 gen1 w5 0 g1,+1m0s             | 0 gen1 w5 1 g1,+1m0s               | 0 gen2 - 1 g2
429                       forever expired | 5 -    -  1 g1,+1m0s             | 5 -    -  0 g1,+1m0s             | 5 -    -  1 g1,+1m0s               | 0 gen2 - 1 g2
429+7                     once    valid   | 0 gen1 w5 1 g1,+7s               | 0 gen1 w5 0 g1,+7s               | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
429+7                     once    expired | 5 -    -  1 g1,+7s               | 5 -    -  0 g1,+7s               | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
429+7                     twice   valid   | 0 gen1 w5 1 g1,+7s               | 0 gen1 w5 0 g1,+7s               | 0 gen1 w5 1 g1,+7s                 | 0 gen2 - 1 g2
429+7                     twice   expired | 5 -    -  1 g1,+7s               | 5 -    -  0 g1,+7s               | 5 -    -  1 g1,+7s                 | 0 gen2 - 1 g2
429+7                     forever valid   | 0 gen1 w5 1 g1,+7s               | 0 gen1 w5 0 g1,+7s               | 0 gen1 w5 1 g1,+7s                 | 0 gen2 - 1 g2
429+7                     forever expired | 5 -    -  1 g1,+7s               | 5 -    -  0 g1,+7s               | 5 -    -  1 g1,+7s                 | 0 gen2 - 1 g2
429+86400                 once    valid   | 0 gen1 w5 1 g1,+30m0s            | 0 gen1 w5 0 g1,+30m0s            | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
429+86400                 once    expired | 5 -    -  1 g1,+30m0s            | 5 -    -  0 g1,+30m0s            | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
429+86400                 twice   valid   | 0 gen1 w5 1 g1,+30m0s            | 0 gen1 w5 0 g1,+30m0s            | 5 -    -  1 g1,+30m0s              | 0 gen2 - 1 g2
429+86400                 twice   expired | 5 -    -  1 g1,+30m0s            | 5 -    -  0 g1,+30m0s            | 5 -    -  1 g1,+30m0s              | 0 gen2 - 1 g2
429+86400                 forever valid   | 0 gen1 w5 1 g1,+30m0s            | 0 gen1 w5 0 g1,+30m0s            | 5 -    -  1 g1,+30m0s              | 0 gen2 - 1 g2
429+86400                 forever expired | 5 -    -  1 g1,+30m0s            | 5 -    -  0 g1,+30m0s            | 5 -    -  1 g1,+30m0s              | 0 gen2 - 1 g2
500                       once    valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
500                       once    expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
500                       twice   valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
500                       twice   expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
500                       forever valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
500                       forever expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
502                       once    valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w4 1 g1,refused,unanswered1 | 4 -    - 0 g1,refused,unanswered1
502                       once    expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 4 -    -  1 g1,refused,unanswered1 | 4 -    - 0 g1,refused,unanswered1
502                       twice   valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
502                       twice   expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
502                       forever valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
502                       forever expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
503                       once    valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
503                       once    expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
503                       twice   valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
503                       twice   expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
503                       forever valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
503                       forever expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
503+7                     once    valid   | 0 gen1 w5 1 g1,+7s               | 0 gen1 w5 0 g1,+7s               | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
503+7                     once    expired | 5 -    -  1 g1,+7s               | 5 -    -  0 g1,+7s               | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
503+7                     twice   valid   | 0 gen1 w5 1 g1,+7s               | 0 gen1 w5 0 g1,+7s               | 0 gen1 w5 1 g1,+7s                 | 0 gen2 - 1 g2
503+7                     twice   expired | 5 -    -  1 g1,+7s               | 5 -    -  0 g1,+7s               | 5 -    -  1 g1,+7s                 | 0 gen2 - 1 g2
503+7                     forever valid   | 0 gen1 w5 1 g1,+7s               | 0 gen1 w5 0 g1,+7s               | 0 gen1 w5 1 g1,+7s                 | 0 gen2 - 1 g2
503+7                     forever expired | 5 -    -  1 g1,+7s               | 5 -    -  0 g1,+7s               | 5 -    -  1 g1,+7s                 | 0 gen2 - 1 g2
truncated                 once    valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w4 1 g1,refused,unanswered1 | 4 -    - 0 g1,refused,unanswered1
truncated                 once    expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 4 -    -  1 g1,refused,unanswered1 | 4 -    - 0 g1,refused,unanswered1
truncated                 twice   valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
truncated                 twice   expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
truncated                 forever valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
truncated                 forever expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
truncated-close           once    valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w4 1 g1,refused,unanswered1 | 4 -    - 0 g1,refused,unanswered1
truncated-close           once    expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 4 -    -  1 g1,refused,unanswered1 | 4 -    - 0 g1,refused,unanswered1
truncated-close           twice   valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
truncated-close           twice   expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
truncated-close           forever valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
truncated-close           forever expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
html-200                  once    valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w4 1 g1,refused,unanswered1 | 4 -    - 0 g1,refused,unanswered1
html-200                  once    expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 4 -    -  1 g1,refused,unanswered1 | 4 -    - 0 g1,refused,unanswered1
html-200                  twice   valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
html-200                  twice   expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
html-200                  forever valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
html-200                  forever expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 4 -    - 1 g1,refused,unanswered2
oversized                 once    valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
oversized                 once    expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
oversized                 twice   valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
oversized                 twice   expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
oversized                 forever valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
oversized                 forever expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
no-expires-in             once    valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
no-expires-in             once    expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
no-expires-in             twice   valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
no-expires-in             twice   expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
no-expires-in             forever valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
no-expires-in             forever expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
no-refresh-token          once    valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 4 -    - 1 g2,refused
no-refresh-token          once    expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 4 -    - 1 g2,refused
no-refresh-token          twice   valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 4 -    - 1 g2,refused
no-refresh-token          twice   expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 4 -    - 1 g2,refused
no-refresh-token          forever valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 4 -    - 1 g2,refused
no-refresh-token          forever expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 4 -    - 1 g2,refused
no-access-token           once    valid   | 0 gen2 w5 1 g2,unanswered1,+1m0s | 0 gen2 w5 0 g2,unanswered1,+1m0s | 0 gen3 -  1 g3                     | 0 gen4 - 1 g4
no-access-token           once    expired | 5 -    -  1 g2,unanswered1,+1m0s | 5 -    -  0 g2,unanswered1,+1m0s | 0 gen3 -  1 g3                     | 0 gen4 - 1 g4
no-access-token           twice   valid   | 0 gen2 w5 1 g2,unanswered1,+1m0s | 0 gen2 w5 0 g2,unanswered1,+1m0s | 0 gen3 w5 1 g3,unanswered2,+2m0s   | 0 gen4 - 1 g4
no-access-token           twice   expired | 5 -    -  1 g2,unanswered1,+1m0s | 5 -    -  0 g2,unanswered1,+1m0s | 5 -    -  1 g3,unanswered2,+2m0s   | 0 gen4 - 1 g4
no-access-token           forever valid   | 0 gen2 w5 1 g2,unanswered1,+1m0s | 0 gen2 w5 0 g2,unanswered1,+1m0s | 0 gen3 w5 1 g3,unanswered2,+2m0s   | 0 gen4 - 1 g4
no-access-token           forever expired | 5 -    -  1 g2,unanswered1,+1m0s | 5 -    -  0 g2,unanswered1,+1m0s | 5 -    -  1 g3,unanswered2,+2m0s   | 0 gen4 - 1 g4
no-id-token               once    valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
no-id-token               once    expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
no-id-token               twice   valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
no-id-token               twice   expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
no-id-token               forever valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
no-id-token               forever expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
wrong-token-type          once    valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
wrong-token-type          once    expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
wrong-token-type          twice   valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
wrong-token-type          twice   expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
wrong-token-type          forever valid   | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
wrong-token-type          forever expired | 0 gen2 -  1 g2                   | 0 gen2 -  0 g2                   | 0 gen2 -  0 g2                     | 0 gen3 - 1 g3
other-user                once    valid   | 0 gen1 w4 1 g1,refused,kept      | 0 gen1 w4 0 g1,refused,kept      | 0 gen1 w4 0 g1,refused,kept        | 4 -    - 0 g1,refused,kept
other-user                once    expired | 4 -    -  1 g1,refused,kept      | 4 -    -  0 g1,refused,kept      | 4 -    -  0 g1,refused,kept        | 4 -    - 0 g1,refused,kept
other-user                twice   valid   | 0 gen1 w4 1 g1,refused,kept      | 0 gen1 w4 0 g1,refused,kept      | 0 gen1 w4 0 g1,refused,kept        | 4 -    - 0 g1,refused,kept
other-user                twice   expired | 4 -    -  1 g1,refused,kept      | 4 -    -  0 g1,refused,kept      | 4 -    -  0 g1,refused,kept        | 4 -    - 0 g1,refused,kept
other-user                forever valid   | 0 gen1 w4 1 g1,refused,kept      | 0 gen1 w4 0 g1,refused,kept      | 0 gen1 w4 0 g1,refused,kept        | 4 -    - 0 g1,refused,kept
other-user                forever expired | 4 -    -  1 g1,refused,kept      | 4 -    -  0 g1,refused,kept      | 4 -    -  0 g1,refused,kept        | 4 -    - 0 g1,refused,kept
invalid-grant             once    valid   | 0 gen1 w4 1 g1,refused           | 0 gen1 w4 0 g1,refused           | 0 gen1 w4 0 g1,refused             | 4 -    - 0 g1,refused
invalid-grant             once    expired | 4 -    -  1 g1,refused           | 4 -    -  0 g1,refused           | 4 -    -  0 g1,refused             | 4 -    - 0 g1,refused
invalid-grant             twice   valid   | 0 gen1 w4 1 g1,refused           | 0 gen1 w4 0 g1,refused           | 0 gen1 w4 0 g1,refused             | 4 -    - 0 g1,refused
invalid-grant             twice   expired | 4 -    -  1 g1,refused           | 4 -    -  0 g1,refused           | 4 -    -  0 g1,refused             | 4 -    - 0 g1,refused
invalid-grant             forever valid   | 0 gen1 w4 1 g1,refused           | 0 gen1 w4 0 g1,refused           | 0 gen1 w4 0 g1,refused             | 4 -    - 0 g1,refused
invalid-grant             forever expired | 4 -    -  1 g1,refused           | 4 -    -  0 g1,refused           | 4 -    -  0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_expired     once    valid   | 0 gen1 w4 1 g1,refused           | 0 gen1 w4 0 g1,refused           | 0 gen1 w4 0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_expired     once    expired | 4 -    -  1 g1,refused           | 4 -    -  0 g1,refused           | 4 -    -  0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_expired     twice   valid   | 0 gen1 w4 1 g1,refused           | 0 gen1 w4 0 g1,refused           | 0 gen1 w4 0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_expired     twice   expired | 4 -    -  1 g1,refused           | 4 -    -  0 g1,refused           | 4 -    -  0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_expired     forever valid   | 0 gen1 w4 1 g1,refused           | 0 gen1 w4 0 g1,refused           | 0 gen1 w4 0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_expired     forever expired | 4 -    -  1 g1,refused           | 4 -    -  0 g1,refused           | 4 -    -  0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_reused      once    valid   | 0 gen1 w4 1 g1,refused           | 0 gen1 w4 0 g1,refused           | 0 gen1 w4 0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_reused      once    expired | 4 -    -  1 g1,refused           | 4 -    -  0 g1,refused           | 4 -    -  0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_reused      twice   valid   | 0 gen1 w4 1 g1,refused           | 0 gen1 w4 0 g1,refused           | 0 gen1 w4 0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_reused      twice   expired | 4 -    -  1 g1,refused           | 4 -    -  0 g1,refused           | 4 -    -  0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_reused      forever valid   | 0 gen1 w4 1 g1,refused           | 0 gen1 w4 0 g1,refused           | 0 gen1 w4 0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_reused      forever expired | 4 -    -  1 g1,refused           | 4 -    -  0 g1,refused           | 4 -    -  0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_invalidated once    valid   | 0 gen1 w4 1 g1,refused           | 0 gen1 w4 0 g1,refused           | 0 gen1 w4 0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_invalidated once    expired | 4 -    -  1 g1,refused           | 4 -    -  0 g1,refused           | 4 -    -  0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_invalidated twice   valid   | 0 gen1 w4 1 g1,refused           | 0 gen1 w4 0 g1,refused           | 0 gen1 w4 0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_invalidated twice   expired | 4 -    -  1 g1,refused           | 4 -    -  0 g1,refused           | 4 -    -  0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_invalidated forever valid   | 0 gen1 w4 1 g1,refused           | 0 gen1 w4 0 g1,refused           | 0 gen1 w4 0 g1,refused             | 4 -    - 0 g1,refused
refresh_token_invalidated forever expired | 4 -    -  1 g1,refused           | 4 -    -  0 g1,refused           | 4 -    -  0 g1,refused             | 4 -    - 0 g1,refused
token_expired             once    valid   | 0 gen1 w4 1 g1,refused           | 0 gen1 w4 0 g1,refused           | 0 gen1 w4 0 g1,refused             | 4 -    - 0 g1,refused
token_expired             once    expired | 4 -    -  1 g1,refused           | 4 -    -  0 g1,refused           | 4 -    -  0 g1,refused             | 4 -    - 0 g1,refused
token_expired             twice   valid   | 0 gen1 w4 1 g1,refused           | 0 gen1 w4 0 g1,refused           | 0 gen1 w4 0 g1,refused             | 4 -    - 0 g1,refused
token_expired             twice   expired | 4 -    -  1 g1,refused           | 4 -    -  0 g1,refused           | 4 -    -  0 g1,refused             | 4 -    - 0 g1,refused
token_expired             forever valid   | 0 gen1 w4 1 g1,refused           | 0 gen1 w4 0 g1,refused           | 0 gen1 w4 0 g1,refused             | 4 -    - 0 g1,refused
token_expired             forever expired | 4 -    -  1 g1,refused           | 4 -    -  0 g1,refused           | 4 -    -  0 g1,refused             | 4 -    - 0 g1,refused
app_session_terminated    once    valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
app_session_terminated    once    expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 0 gen2 -  1 g2                     | 0 gen3 - 1 g3
app_session_terminated    twice   valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
app_session_terminated    twice   expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
app_session_terminated    forever valid   | 0 gen1 w5 1 g1,unanswered1,+1m0s | 0 gen1 w5 0 g1,unanswered1,+1m0s | 0 gen1 w5 1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
app_session_terminated    forever expired | 5 -    -  1 g1,unanswered1,+1m0s | 5 -    -  0 g1,unanswered1,+1m0s | 5 -    -  1 g1,unanswered2,+2m0s   | 0 gen2 - 1 g2
`
}

// frameRows are the rows of the faults of an answer's frame. All are alike: the
// tokens are there, so nothing is lost and nobody notices. After the first get
// no other meets the fault, however often it would happen.
func frameRows() string {
	var rows strings.Builder
	for _, kind := range authserver.Frames() {
		for _, token := range []string{"valid", "expired"} {
			rows.WriteString(kind + " once " + token + " | 0 gen2 - 1 g2 | 0 gen2 - 0 g2 | 0 gen2 - 0 g2 | 0 gen3 - 1 g3\n")
		}
	}
	return rows.String()
}
