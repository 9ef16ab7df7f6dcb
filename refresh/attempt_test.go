package refresh

import (
	"path/filepath"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
)

// TestEmpty_ClosesTheJournal checks that the journal is closed before it is deleted: Windows cannot delete an open
// file.
func TestEmpty_ClosesTheJournal(t *testing.T) {
	id := helper.ID("0123456789abcdef0123456789abcdef")
	r := &Rotation{Journals: journal.New(filepath.Join(t.TempDir(), "root"))}
	j, err := r.Journals.Open(id, make([]byte, journal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.emptyJournal(&attempt{rec: helper.Record{Account: helper.Account{ID: id}}, journal: j}); err != nil {
		t.Error(err)
	}
	if j.Close() == nil {
		t.Error("it was open still")
	}
}
