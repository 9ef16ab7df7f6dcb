package wire

import (
	"context"
	"errors"

	"github.com/codex-cred/codex-cred/helper"
)

// A Source decides which host gets which token. Its methods may be called concurrently.
type Source interface {
	// Token returns a token for the host, without headers. [ErrUnconfigured] means that the host is not allowed to have
	// one. Any other error is why an allowed host gets none.
	Token(ctx context.Context, host Host) (Token, error)
	// Rejected reports that the host refused the token. It ignores a token that the host would not get.
	Rejected(ctx context.Context, host Host, token helper.Secret) error
	// Hosts returns all hosts that may get a token, in order.
	Hosts(ctx context.Context) ([]Host, error)
}

var (
	// ErrUnconfigured means that the host may not get a token. It is not a failure: the caller has other sources of
	// credentials.
	ErrUnconfigured = errors.New("no account is configured for the host")
	// ErrMalformed means that a request violates its protocol. The error quotes nothing of the request, which may
	// contain secrets.
	ErrMalformed = errors.New("malformed request")
)

// MaxRequest is the maximum length of a request in bytes.
const MaxRequest = 1 << 20
