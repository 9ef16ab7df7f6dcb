package main

import (
	"os"

	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// wholeVariable makes the walks whole of which the gate takes every nth case. They
// take half an hour.
const wholeVariable = "CODEX_CRED_TEST_WHOLE"

// sampled reports whether the case of that number is among those to be run: one in
// few of all, one in many where slow tests are run, or each.
func sampled(i, few, many int) bool {
	switch {
	case os.Getenv(wholeVariable) == "1":
		return true
	case parts.Slow():
		return i%many == 0
	}
	return i%few == 0
}
