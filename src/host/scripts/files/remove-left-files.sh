# Removes what scripts of ours left there that were killed; nothing that one is at work on. $@ where it lies
for path; do
  folder=${path%/*}
  [ -d "$folder" ] || continue
  case ${path##*/} in
    outrigger.*) remove_abandoned_directories "$folder" ;;
    *)
      cd -P -- "$folder" && [ "$(pwd -P)" = "$folder" ] || refuse "$folder leads elsewhere through a symbolic link"
      remove_abandoned_files
      ;;
  esac
done
