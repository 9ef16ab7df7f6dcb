package storetest_test

import (
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) func() helper.Store {
		m := new(storetest.Memory)
		return func() helper.Store { return m }
	})
}
