// Package wiretest has a source of tokens for the tests of protocols.
package wiretest

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
)

// Secret is the access token that a [Source] gives.
const Secret = "at-0123456789abcdef"

// A Source gives one token to the hosts that it has. It belongs to one goroutine.
type Source struct {
	Configured []string // hosts as wire.ParseHost reads them
	Err        error    // instead of a token
	// Heard has the hosts and tokens of calls of Rejected.
	Heard []string
	// AfterRejection is given once Rejected was called, if it is not empty.
	AfterRejection string
	// RejectedErr is what Rejected returns.
	RejectedErr error
}

var _ wire.Source = (*Source)(nil)

// Expiry of the token.
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

// Gave reports whether the output holds the token.
func Gave(output string) bool { return strings.Contains(output, Secret) }
