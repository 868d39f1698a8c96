"""The portal: shell, boards, workbench, and the components every page is built from."""
