-- SPDX-License-Identifier: GPL-3.0-or-later
-- Least rights for sms_reset_package: Configuration Manager 2007 (and SMS 2003) on SQL Server 2005 and 2008. Run as a member of
-- sysadmin, with sqlcmd or Management Studio, on the owning site's database server.
-- Put in your own: SMS_CEN (the site database), sms_repair, and a password. This login is for people: give its password
-- to no monitoring server. Changing the database is not supported by Microsoft: have a backup first.

USE SMS_CEN
GO

CREATE LOGIN sms_repair WITH PASSWORD = N'CHANGE-THIS', DEFAULT_DATABASE = SMS_CEN
CREATE USER sms_repair FOR LOGIN sms_repair
GO

-- Or Windows accounts instead, by a group of administrators; then [CORP\SMS repair] for sms_repair below:
-- CREATE LOGIN [CORP\SMS repair] FROM WINDOWS WITH DEFAULT_DATABASE = SMS_CEN
-- CREATE USER [CORP\SMS repair] FOR LOGIN [CORP\SMS repair]
-- GO

EXEC sp_addrolemember 'smsschm_users', 'sms_repair'
GO

GRANT SELECT ON SMSPackages TO sms_repair
GRANT SELECT ON PkgStatus TO sms_repair
-- The two columns that the repair sets, and no others.
GRANT UPDATE ON PkgStatus (Status, SourceVersion) TO sms_repair
GO

-- To take it all back:
-- DROP USER sms_repair
-- DROP LOGIN sms_repair
