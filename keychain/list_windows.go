package keychain

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"github.com/danieljoos/wincred"
)

// list lists the items that go-keyring wrote: it names an item by its service and user.
func (g goKeyring) list(context.Context) ([]string, error) {
	items, err := wincred.FilteredList(g.service + ":*")
	if errors.Is(err, syscall.ERROR_NOT_FOUND) {
		return nil, nil
	}
	if err != nil {
		return nil, g.mapError(err)
	}
	users := make([]string, 0, len(items))
	for _, item := range items {
		clear(item.CredentialBlob)
		users = append(users, strings.TrimPrefix(item.TargetName, g.service+":"))
	}
	return users, nil
}
