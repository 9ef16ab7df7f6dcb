package keychain

import (
	"context"
	"encoding/base64"
	"errors"
	"os/exec"

	"github.com/codex-cred/codex-cred/helper"
)

// macKeychain is go-keyring with serialized calls and a stricter test of absence: go-keyring looks
// for the text "could not be found", which security(1) also prints about a missing keychain.
type macKeychain struct {
	goKeyring
	program   string // security(1)
	retry     retry  // of reads: other programs do not serialize their calls with ours
	serialize func() SerializeFunc
}

func (m macKeychain) get(ctx context.Context, user string) ([]byte, error) {
	defer m.acquire(ctx)()
	item, err := m.retry.do(ctx, func() ([]byte, error) { return m.goKeyring.get(ctx, user) })
	if errors.Is(err, helper.ErrNotFound) {
		return m.retry.do(ctx, func() ([]byte, error) { return nil, m.absent(ctx, user) })
	}
	if damaged := base64.CorruptInputError(0); errors.As(err, &damaged) {
		err = withKind(helper.ErrCorrupt, err)
		return nil, &unreadableError{helper.Digest([]byte("unread\n" + err.Error())), err}
	}
	return item, err
}

func (m macKeychain) set(ctx context.Context, user string, item []byte) error {
	defer m.acquire(ctx)()
	return m.goKeyring.set(ctx, user, item)
}

func (m macKeychain) delete(ctx context.Context, user string) error {
	defer m.acquire(ctx)()
	return m.goKeyring.delete(ctx, user)
}

// acquire waits until no other call runs. If it cannot, for instance because the lock file cannot
// be created, the call runs all the same and may disturb others.
func (m macKeychain) acquire(ctx context.Context) (release func()) {
	none := func() {}
	serialize := m.serialize()
	if serialize == nil {
		return none
	}
	done, err := serialize(ctx)
	if err != nil {
		return none
	}
	return func() { _ = done() } // an exit of the process releases it too
}

var errAppeared = errors.New("the item was absent and is there a moment later")

// absent returns why the item was not found. It searches for the item without its content, so no
// prompt appears.
func (m macKeychain) absent(ctx context.Context, user string) error {
	args := []string{"find-generic-password", "-s", m.service, "-a", user}
	err := exec.CommandContext(ctx, m.program, args...).Run() //nolint:gosec // a constant outside tests
	if err == nil {
		return errAppeared
	}
	return macError(err)
}
