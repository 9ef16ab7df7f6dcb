package fallbackfile_test

import (
	"path/filepath"
	"testing"

	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() helper.Store {
		root := filepath.Join(t.TempDir(), "root")
		return func() helper.Store { return fallbackfile.New(root) }
	})
}
