package testkeyring

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// ForeignUID is the user of a foreign keyring: nobody, on every Linux.
const ForeignUID = 65534

// StartForeign starts a keyring of another user, [ForeignUID], whose bus admits everyone, as an
// attacker's would. It requires root. Its bus listens at a path and at an abstract name, see
// [Keyring.Addresses].
func StartForeign(t testing.TB) *Keyring {
	t.Helper()
	k := prepare(t)
	var err error
	if os.Geteuid() != 0 {
		err = errors.New("only root can start another user's programs")
	}
	parts.Need(t, "root", err)
	k.uid = ForeignUID
	k.limits = fmt.Sprintf(`<listen>unix:abstract=keyring-%s</listen>
  <policy context="default"><allow user="*"/></policy>`, rand.Text())
	k.must(t, "give the keyring to its user", filepath.WalkDir(k.dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, k.uid, k.uid) //nolint:gosec // a directory that this test has just made
	}))
	k.run(t, "")
	return k
}

// Addresses returns each address of the bus.
func (k *Keyring) Addresses() []string { return strings.Split(k.address, ";") }
