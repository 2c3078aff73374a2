"""What an admin describes, as frozen values: sites, zones, devices, people, teams, schedules, chains. Pure."""
