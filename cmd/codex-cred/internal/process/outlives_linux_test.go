package process

import "testing"

// TestKeepsGroup: workers outlive what started them in a person's session, and in no
// unit whose control group is killed.
func TestKeepsGroup(t *testing.T) {
	t.Parallel()
	const user = "/user.slice/user-1000.slice/"
	for table, want := range map[string]bool{
		"":                                 true,
		"0::/\n":                           true,
		"0::" + user + "session-2.scope\n": true,
		"0::" + user + "user@1000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-1.scope\n":       true,
		"0::" + user + "user@1000.service/app.slice/app-konsole@1.service\n":                                false,
		"0::" + user + "user@1000.service\n":                                                                false,
		"0::" + user + "user@1000.service/user.slice/podman-1.scope/payload.service\n":                      false,
		"0::/system.slice/cron.service\n":                                                                   false,
		"0::/system.slice/docker-4711.scope\n":                                                              false,
		"0::/init.scope\n":                                                                                  false,
		"0::/kubepods/burstable/pod1\n":                                                                     false,
		"12:pids:/system.slice/x.service\n1:name=systemd:" + user + "session-2.scope\n0::/\n":               true,
		"12:pids:/x\n1:name=systemd:/docker/4711\n0::/\n":                                                   false,
		"12:pids:/x\n1:name=systemd:" + user + "session-2.scope\n0::/system.slice/actions-runner.service\n": false,
	} {
		if got := keepsGroup(table); got != want {
			t.Errorf("%q: %t, want %t", table, got, want)
		}
	}
}

// TestJobVariables: in the job of a build or a batch system nothing optional begins.
func TestJobVariables(t *testing.T) {
	t.Parallel()
	for _, name := range jobVariables() {
		p := &Process{Getenv: func(asked string) string { return map[string]string{name: "1"}[asked] }}
		if p.WorkerOutlives() {
			t.Errorf("with %s set a worker counts as one that outlives its job", name)
		}
	}
}
