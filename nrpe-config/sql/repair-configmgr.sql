-- SPDX-License-Identifier: GPL-3.0-or-later
-- Least rights for sms_reset_package: Configuration Manager 2012 to current branch, on SQL Server 2012 and later. Run as a member of
-- sysadmin, with sqlcmd or Management Studio, on the owning site's database server.
-- Put in your own: CM_CEN (the site database), sms_repair, and a password. This login is for people: give its password
-- to no monitoring server. Changing the database is not supported by Microsoft: have a backup first.

USE CM_CEN
GO

CREATE LOGIN sms_repair WITH PASSWORD = N'CHANGE-THIS', DEFAULT_DATABASE = CM_CEN
CREATE USER sms_repair FOR LOGIN sms_repair
GO

-- Or Windows accounts instead, by a group of administrators; then [CORP\SMS repair] for sms_repair below:
-- CREATE LOGIN [CORP\SMS repair] FROM WINDOWS WITH DEFAULT_DATABASE = CM_CEN
-- CREATE USER [CORP\SMS repair] FOR LOGIN [CORP\SMS repair]
-- GO

ALTER ROLE smsschm_users ADD MEMBER sms_repair
GO

GRANT SELECT ON SMSPackages TO sms_repair
GRANT SELECT ON PkgStatus TO sms_repair
-- The two columns that the repair sets, and no others.
GRANT UPDATE ON PkgStatus (Status, SourceVersion) TO sms_repair
GO

-- To take it all back:
-- DROP USER sms_repair
-- DROP LOGIN sms_repair
