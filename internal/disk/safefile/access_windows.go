package safefile

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/codex-cred/codex-cred/internal/disk/sharing"
)

// Windows has no modes. What keeps other users out of our files is their access
// list: it lets in their owner, the system and administrators, who get in
// everywhere anyway, and takes over nothing from the directory above.
func accessList() (*windows.SECURITY_DESCRIPTOR, error) {
	me, err := user()
	if err != nil {
		return nil, err
	}
	const all = "(A;OICI;FA;;;" // allowed, also in what is made below: all of a file
	return windows.SecurityDescriptorFromString("D:P" + all + me.String() + ")" + all + "SY)" + all + "BA)")
}

func user() (*windows.SID, error) {
	me, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, err
	}
	return me.User.Sid, nil
}

// mkdir makes a directory that has the access list from the start.
func mkdir(path string) error {
	list, err := accessList()
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(sharing.Long(path))
	if err != nil {
		return err
	}
	attributes := &windows.SecurityAttributes{SecurityDescriptor: list}
	attributes.Length = uint32(unsafe.Sizeof(*attributes))
	return windows.CreateDirectory(name, attributes)
}

// setAccessList gives a file the access list.
func setAccessList(f *os.File) error {
	list, err := accessList()
	if err != nil {
		return err
	}
	dacl, _, err := list.DACL()
	if err != nil {
		return err
	}
	// The handle that writes may not change the access list.
	again, err := sharing.Open(f.Name(), windows.WRITE_DAC|windows.READ_CONTROL|windows.FILE_READ_ATTRIBUTES)
	if err != nil {
		return err
	}
	defer func() { _ = again.Close() }()
	return windows.SetSecurityInfo(windows.Handle(again.Fd()), windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, dacl, nil)
}

// foreignAccess returns the identifier of somebody else who may reach the open file: its
// owner, or who its access list lets in. It is empty if there is nobody.
func foreignAccess(f *os.File) (string, error) {
	list, err := windows.GetSecurityInfo(windows.Handle(f.Fd()), windows.SE_FILE_OBJECT,
		windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return "", err
	}
	me, err := user()
	if err != nil {
		return "", err
	}
	return firstForeign(list, me)
}

// everyone is who an absent access list lets in.
const everyone = "S-1-1-0"

// firstForeign is the rule of letIn. What the list forbids is not looked at: it can only
// take away.
func firstForeign(list *windows.SECURITY_DESCRIPTOR, me *windows.SID) (string, error) {
	owner, _, err := list.Owner()
	if err != nil {
		return "", err
	}
	if !trusted(owner, me) {
		return owner.String(), nil
	}
	dacl, _, err := list.DACL()
	if err != nil || dacl == nil {
		return everyone, nil //nolint:nilerr // no list is a list that allows all
	}
	for i := range dacl.AceCount {
		var entry *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(dacl, uint32(i), &entry); err != nil {
			return "", err
		}
		switch entry.Header.AceType {
		case windows.ACCESS_ALLOWED_ACE_TYPE:
			who := (*windows.SID)(unsafe.Pointer(&entry.SidStart)) //nolint:gosec // as ACCESS_ALLOWED_ACE is defined
			if entry.Mask&^harmless != 0 && !trusted(who, me) {
				return who.String(), nil
			}
		case windows.ACCESS_DENIED_ACE_TYPE:
		default: // entries with conditions, which files of ours never have
			return everyone, nil
		}
	}
	return "", nil
}

// harmless rights show neither content nor names, and change nothing.
const harmless = windows.READ_CONTROL | windows.SYNCHRONIZE | windows.FILE_READ_ATTRIBUTES | windows.FILE_READ_EA

func trusted(who, me *windows.SID) bool {
	return who.Equals(me) || who.IsWellKnown(windows.WinLocalSystemSid) || who.IsWellKnown(windows.WinBuiltinAdministratorsSid) ||
		who.IsWellKnown(windows.WinCreatorOwnerRightsSid)
}
