//go:build !darwin && !windows

package keychain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
)

// errDuplicates is the error of several items with different contents. The right one cannot be
// known, and a restarted daemon may return another one first.
var errDuplicates = errors.New("there are several items of that name, with different contents")

// commonContent returns the content if all items have the same. Concurrent writers can leave more
// than one item.
func commonContent(contents [][]byte) ([]byte, error) {
	first := contents[0]
	if !slices.ContainsFunc(contents, func(c []byte) bool { return !bytes.Equal(c, first) }) {
		return first, nil
	}
	digests := make([]string, len(contents))
	for i, c := range contents {
		digests[i] = string(helper.Digest(c))
	}
	return nil, &unreadableError{versionFrom(digests), withKind(helper.ErrCorrupt, errDuplicates)}
}

// withConfirm adds ErrConfirm to the error of a locked item in an unlocked collection.
func (b bus) withConfirm(ctx context.Context, collection dbus.ObjectPath, err error) error {
	if nameOf(err) != nameIsLocked {
		return err
	}
	if locked, lockedErr := b.isLocked(ctx, collection); lockedErr != nil || locked {
		return err
	}
	return withKind(helper.ErrLocked, withKind(ErrConfirm, err))
}

// withVersion adds the Version of the items to an ErrConfirm. The contents cannot be read, so it is
// made of the times of the last change, in seconds.
func (b bus) withVersion(ctx context.Context, items []dbus.ObjectPath, cause error) error {
	if !errors.Is(cause, ErrConfirm) {
		return cause
	}
	written := make([]string, len(items))
	for i, item := range items {
		var modified uint64
		err := b.call(ctx, item, getProperty, itemInterface, "Modified").Store(&modified)
		if err != nil {
			return cause
		}
		written[i] = fmt.Sprint(item, " ", modified)
	}
	return &unreadableError{versionFrom(written), cause}
}

// versionFrom returns the Version of a set of items from their digests or times, in any order.
func versionFrom(items []string) helper.Version {
	return helper.Digest([]byte("several or unread\n" + strings.Join(slices.Sorted(slices.Values(items)), "\n")))
}
