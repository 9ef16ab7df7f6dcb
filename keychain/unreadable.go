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

// errDuplicates: which of the items is the right one nobody can know, and a daemon
// may give another one first after each start.
var errDuplicates = errors.New("there are several items of that name, with different contents")

// commonContent returns the content that all items have. Writers at the same moment can
// leave more than one.
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

// withConfirm adds ErrConfirm to the error of an item that is locked in an open
// collection.
func (b bus) withConfirm(ctx context.Context, collection dbus.ObjectPath, err error) error {
	if nameOf(err) != nameIsLocked {
		return err
	}
	if locked, lockedErr := b.isLocked(ctx, collection); lockedErr != nil || locked {
		return err
	}
	return withKind(helper.ErrLocked, withKind(ErrConfirm, err))
}

// withVersion gives an error that is ErrConfirm the Version of the items. Without the
// contents that is when they were written, to the second.
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

// versionFrom is the Version of what the items, in any order, are known by.
func versionFrom(items []string) helper.Version {
	return helper.Digest([]byte("several or unread\n" + strings.Join(slices.Sorted(slices.Values(items)), "\n")))
}
