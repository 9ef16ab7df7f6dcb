//go:build !darwin && !windows

package keychain

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/keychain/internal/peer"
	"github.com/codex-cred/codex-cred/keychain/internal/quickread"
)

// quickRead reads the item without godbus, in fewer round trips and system calls. It returns the
// item, or the error of a timeout, so that the caller does not wait again in read. Any other
// failure is quickread.ErrNotAnswered, and read finds the reason.
func (s secretService) quickRead(ctx context.Context, user string) ([]byte, error) {
	path := socketPath(s.address())
	if path == "" {
		return nil, quickread.ErrNotAnswered
	}
	timeout := s.idleTimeout()
	var (
		conn  *net.UnixConn
		owner peer.Owner
	)
	err := timeout.wait(ctx, func(ctx context.Context) error {
		return retryBusy(ctx, func() (err error) {
			conn, owner, err = dialSocket(ctx, path)
			return err
		})
	})
	switch {
	case errors.Is(err, helper.ErrTimeout):
		return nil, fmt.Errorf("connect to the session bus: %w", err)
	case err != nil:
		return nil, quickread.ErrNotAnswered
	}
	defer func() { _ = conn.Close() }()
	if !owner.Trusted() {
		return nil, quickread.ErrNotAnswered
	}
	return quickread.Read(ctx, conn, quickread.Request{
		Service: s.service, User: user, IdleTimeout: time.Duration(timeout), TimeoutErr: timeout.expired(),
	})
}

// socketPath returns the path of the socket at the address, or @ and its abstract name. It returns
// "" for any but the two usual forms.
func socketPath(address string) string {
	address, guid, _ := strings.Cut(address, ",guid=")
	file, isFile := strings.CutPrefix(address, "unix:path=")
	name, isName := strings.CutPrefix(address, "unix:abstract=")
	switch {
	case strings.ContainsAny(address+guid, "%,;"):
		return ""
	case isName && name != "":
		return "@" + name
	case isFile:
		return file
	}
	return ""
}
