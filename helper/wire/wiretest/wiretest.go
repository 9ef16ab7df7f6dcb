// Package wiretest contains a fake [wire.Source] for the protocols' tests.
package wiretest

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
)

// Secret is the access token that a [Source] returns.
const Secret = "at-0123456789abcdef"

// A Source returns one token for its hosts. It must not be used concurrently.
type Source struct {
	Configured []string // in the form of Host.String
	Err        error    // returned by Token beside the token
	// Heard lists the hosts and tokens of calls of Rejected.
	Heard []string
	// AfterRejection, if not empty, is the token after a call of Rejected.
	AfterRejection string
	// RejectedErr is the result of Rejected.
	RejectedErr error
}

var _ wire.Source = (*Source)(nil)

// Expiry returns the expiry of the token.
func Expiry() time.Time { return time.Unix(1800000000, 5).UTC() }

// Token implements [wire.Source].
func (s *Source) Token(_ context.Context, host wire.Host) (wire.Token, error) {
	if !slices.Contains(s.Configured, host.String()) {
		return wire.Token{}, wire.ErrUnconfigured
	}
	access := Secret
	if len(s.Heard) > 0 && s.AfterRejection != "" {
		access = s.AfterRejection
	}
	return wire.Token{Access: helper.NewSecret(access), Expiry: Expiry(), AccountID: "acct-1"}, s.Err
}

// Rejected implements [wire.Source].
func (s *Source) Rejected(_ context.Context, host wire.Host, token helper.Secret) error {
	if !slices.Contains(s.Configured, host.String()) {
		return wire.ErrUnconfigured
	}
	s.Heard = append(s.Heard, host.String()+" "+token.Reveal())
	return s.RejectedErr
}

// Hosts implements [wire.Source].
func (s *Source) Hosts(context.Context) ([]wire.Host, error) {
	hosts := make([]wire.Host, 0, len(s.Configured))
	for _, text := range s.Configured {
		h, err := wire.ParseHost(text)
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, h)
	}
	return hosts, nil
}

// Gave reports whether the output contains the token.
func Gave(output string) bool { return strings.Contains(output, Secret) }
