// Command kubectl is kubectl, built from its module: no package of Debian's is
// new enough to know version 1 of the credential plugins.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
)

func main() { os.Exit(cli.Run(cmd.NewDefaultKubectlCommand())) }
