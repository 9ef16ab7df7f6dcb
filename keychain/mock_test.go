package keychain

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
)

var onMock = flag.Bool("mock", false, "let go-keyring's mock take the place of the keychain, for this whole process")

// TestStoreOnMock runs itself in a child process, because go-keyring cannot leave its mock.
func TestStoreOnMock(t *testing.T) {
	if !*onMock {
		out, err := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStoreOnMock$", "-mock").CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	t.Run("NothingAfterTheDeadline", noCallAfterDeadline)
	for system, limit := range map[string]limit{"Linux": nil, "macOS": macLimit, "Windows": windowsLimit} {
		t.Run(system, func(t *testing.T) {
			storetest.Run(t, func(*testing.T) func() helper.Store {
				keyring.MockInit()
				shared := &serialPlatform{platform: goKeyring{service: Service, mapError: libraryError}}
				return func() helper.Store { return &Store{platform: shared, limit: limit} }
			})
		})
	}
}

// noCallAfterDeadline checks that a change does not start after its caller has given up.
func noCallAfterDeadline(t *testing.T) {
	keyring.MockInit()
	g := goKeyring{service: Service, mapError: libraryError}
	if err := g.set(t.Context(), testID, []byte("item")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantErr(t, g.set(ctx, testID, []byte("other")), context.Canceled)
	wantErr(t, g.delete(ctx, testID), context.Canceled)
	if item, err := g.get(t.Context(), testID); string(item) != "item" {
		t.Errorf("the item is %q, %v", item, err)
	}
}

// serialPlatform serializes calls of go-keyring's mock, which is a bare map.
type serialPlatform struct {
	mu       sync.Mutex // guards platform
	platform platform
}

func (o *serialPlatform) get(ctx context.Context, user string) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.platform.get(ctx, user)
}

func (o *serialPlatform) set(ctx context.Context, user string, item []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.platform.set(ctx, user, item)
}

func (o *serialPlatform) delete(ctx context.Context, user string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.platform.delete(ctx, user)
}
