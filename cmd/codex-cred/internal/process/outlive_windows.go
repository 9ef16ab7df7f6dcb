package process

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// systemKeepsWorkers reports whether a worker leaves the job of this process,
// or the job does not kill its processes when it ends.
func systemKeepsWorkers() bool {
	const leaves = windows.JOB_OBJECT_LIMIT_BREAKAWAY_OK | windows.JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	err := windows.QueryInformationJobObject(0, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)), nil) //nolint:gosec // the call fills the structure
	if err != nil { // the process is in no job
		return true
	}
	limits := info.BasicLimitInformation.LimitFlags
	return limits&windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE == 0 || limits&leaves != 0
}
