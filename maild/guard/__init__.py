"""The guard around reading: strangers' mails are read in processes of their own, under limits of time and memory."""
