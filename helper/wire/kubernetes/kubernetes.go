// Package kubernetes speaks the protocol of client-go's credential plugins
// (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins).
package kubernetes

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/codex-cred/codex-cred/helper/wire"
)

// InfoVariable names the environment variable that holds the request.
const InfoVariable = "KUBERNETES_EXEC_INFO"

const (
	kind  = "ExecCredential"
	group = "client.authentication.k8s.io/"
	v1    = group + "v1"
)

// Version returns the version of the protocol that the request, the value of
// [InfoVariable], asks for: the answer must have the same. Without a request it is
// the newest.
func Version(info string) (string, error) {
	if info == "" {
		return v1, nil
	}
	var request struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	switch err := json.Unmarshal([]byte(info), &request); {
	case len(info) > wire.MaxRequest, err != nil, request.Kind != kind:
		return "", fmt.Errorf("%w: %s holds no %s", wire.ErrMalformed, InfoVariable, kind)
	case !slices.Contains([]string{v1, group + "v1beta1"}, request.APIVersion):
		return "", fmt.Errorf("%w: %s asks for a version that is neither v1 nor v1beta1 of %s", wire.ErrMalformed, InfoVariable, group)
	}
	return request.APIVersion, nil
}

// An answer is an ExecCredential of either version.
type answer struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Status     status `json:"status"`
}

type status struct {
	Token   string    `json:"token"`
	Expires time.Time `json:"expirationTimestamp"`
}

// Encode writes the token for a caller that asked for the version.
func Encode(out io.Writer, version string, t wire.Token) error {
	text, err := json.Marshal(answer{version, kind, status{t.Access.Reveal(), t.Expiry.UTC().Truncate(time.Second)}})
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	_, err = out.Write(append(text, '\n'))
	return err
}
